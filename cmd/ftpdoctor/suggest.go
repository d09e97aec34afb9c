package main

import (
	"fmt"
	"strings"
)

// didYouMean suggests the name that is nearest to what was typed, if one is near enough.
func didYouMean(typed string, names []string) string {
	if name := nearest(typed, names, 1+len(typed)/3); name != "" {
		return fmt.Sprintf(", did you mean %s?", name)
	}
	return ""
}

// nearest is the name with the fewest changed letters, at most so many.
func nearest(typed string, names []string, most int) string {
	best := ""
	for _, name := range names {
		if d := distance(strings.ToLower(typed), name); d <= most {
			best, most = name, d-1
		}
	}
	return best
}

// distance counts the letters to insert, remove or change until a is b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
