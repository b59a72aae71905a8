package repofiles

// Choices returns what can be asked for of a repository with these paths, the preferred first: each quantisation, the path of
// each model that no quantisation tells from another, or, where there is nothing to choose, the zero Ref alone. Only Quant or
// Path of a Ref is set. The error is that of Select for a repository without a model.
func Choices(paths []string) ([]Ref, error) {
	weights := ggufWeights(paths)
	if !byQuant(paths, weights, "") {
		s := &Selection{}
		if _, err := s.usual(paths); err != nil {
			return nil, err
		}
		return []Ref{{}}, nil
	}
	g := group(weights)
	var all []Ref
	for _, q := range g.quants {
		_, err := onlyModel(g.models[q])
		if err == nil && (q != "" || len(g.quants) == 1) {
			all = append(all, Ref{Quant: q})
			continue
		}
		for _, first := range g.models[q] {
			all = append(all, Ref{Path: first})
		}
	}
	return all, nil
}
