"""What the stand-in keeps: files, copies, rights, the log."""
