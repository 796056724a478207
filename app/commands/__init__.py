"""What each word of the command line does; `app.cli` has the words."""
