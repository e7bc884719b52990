"""Bad input of every kind: each outcome is a result or a named error."""
