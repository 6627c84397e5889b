"""Every model beside what was measured: rows, scores, records."""
