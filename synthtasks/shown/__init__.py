"""Problems shown to people, as a page of text and as a card for notebooks. Works on whatever offers what a problem does (`Posed`)."""
