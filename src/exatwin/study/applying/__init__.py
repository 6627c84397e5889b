"""What applicants for compute time need: scripts, checks, awards, calendars."""
