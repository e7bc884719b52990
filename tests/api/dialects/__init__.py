"""What each API of CoCalc says, recorded or varied, and which of them a host speaks."""
