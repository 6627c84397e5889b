"""Studies: a scenario in, a result out; the only place that composes the stages."""
