"""The commands on models that label sentences or words."""
