"""Why a classifier decided as it did: methods, and how faithful each is."""
