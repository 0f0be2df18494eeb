"""Other ways to send and to receive than the product's, to be measured beside it."""
