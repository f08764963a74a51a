"""From each released schema to the present one."""
