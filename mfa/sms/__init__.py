"""Text messages: whose numbers get them, how many, and who carries them."""
