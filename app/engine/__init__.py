"""Jobs: typed, stored, run in another process. Free of Qt; torch only below runners."""
