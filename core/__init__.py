"""What every layer shares: settings, domain types, units, errors, logging. Imports nothing of ours."""
