"""Tests of the stand-in for CoCalc."""
