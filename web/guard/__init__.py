"""What stands before the page: who may come in, how much may be asked, and what is written down."""
