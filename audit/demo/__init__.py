"""A believable company, moved from its spending into its books before your eyes."""
