"""The ground floor: errors, seeds, statistics, results and progress. Imports nothing of ours."""
