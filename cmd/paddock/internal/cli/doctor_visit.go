package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/podmanstore"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

// doctorRounds is how often --fix looks again: mending brings to light what was hidden before, such as the blobs of an
// entry that could not be read.
const doctorRounds = 5

// doctorVisit is one run of doctor.
type doctorVisit struct {
	env     *Env
	store   artifacts.Doctor
	options *doctorOptions
	opts    *artifacts.DoctorOptions
	mended  []artifacts.Finding
	told    []artifacts.Finding // what the table has shown
}

func (v *doctorVisit) run(ctx context.Context) error {
	left, err := v.store.Diagnose(ctx, v.opts)
	if err != nil {
		return err
	}
	var failed error
	if v.options.fix {
		if left, failed, err = v.fix(ctx, left); err != nil {
			return err
		}
	}
	lacking, err := lackingServices(ctx, v.env)
	if err != nil {
		return errors.Join(failed, err)
	}
	left = append(left, lacking...)
	return errors.Join(v.report(ctx, left), failed, v.verdict(left))
}

// fix mends until nothing is left that it can mend, and returns what is left. failed is what went wrong on the way; err
// that it is not known what is left.
func (v *doctorVisit) fix(ctx context.Context, found []artifacts.Finding) (left []artifacts.Finding, failed, err error) {
	for range doctorRounds {
		if err := v.announce(found); err != nil {
			return nil, nil, err
		}
		if !slices.ContainsFunc(found, mendable) {
			break
		}
		mended, mendErr := v.store.Mend(ctx, found, v.opts)
		v.mended, failed = append(v.mended, mended...), errors.Join(failed, mendErr)
		if found, err = v.store.Diagnose(ctx, v.opts); err != nil {
			return nil, nil, errors.Join(failed, err)
		}
		if mendErr != nil || len(mended) == 0 {
			break
		}
	}
	return found, failed, nil
}

func mendable(f artifacts.Finding) bool { return f.Mendable }

// announce says what was found, and so what will be done, as long as it is people who read it.
func (v *doctorVisit) announce(found []artifacts.Finding) error {
	if v.options.format != "" {
		return nil
	}
	var news []checkup
	for _, f := range found {
		if !slices.Contains(v.told, f) {
			news = append(news, checkup{Finding: f})
		}
	}
	v.told = append(v.told, found...)
	if len(news) == 0 {
		return nil
	}
	return ui.List(v.env.Out, doctorRows(news), &ui.ListOptions{Default: doctorTable})
}

// report prints what is left, and in a document also what was mended.
func (v *doctorVisit) report(ctx context.Context, left []artifacts.Finding) error {
	var all []checkup
	for _, f := range v.mended {
		all = append(all, checkup{f, true})
	}
	for _, f := range left {
		all = append(all, checkup{f, false})
	}
	switch {
	case ui.IsJSON(v.options.format):
		return ui.JSON(v.env.Out, doctorItems(all))
	case v.options.format != "":
		return asFormatUsage(ui.List(v.env.Out, doctorRows(all), &ui.ListOptions{Format: v.options.format, Default: doctorTable}))
	case len(all) == 0:
		if err := v.tellYoung(ctx); err != nil {
			return err
		}
		return ui.Text(v.env.Out, "no problems found")
	}
	if err := v.announce(left); err != nil || !v.options.fix {
		return err
	}
	return ui.Text(v.env.Out, fmt.Sprintf("mended %d of %d %s", len(v.mended), len(all), plural(len(all), "problem")))
}

// tellYoung says that there are files which are left alone only because they are young.
func (v *doctorVisit) tellYoung(ctx context.Context) error {
	if v.opts.Grace < 0 {
		return nil
	}
	all := *v.opts
	all.Grace = -1
	young, err := v.store.Diagnose(ctx, &all)
	if err == nil && len(young) > 0 {
		age := durationText(cmp.Or(v.opts.Grace, podmanstore.DefaultGrace))
		ui.Note(v.env.Err, fmt.Sprintf("left alone: %d %s younger than %s, see --age", len(young), plural(len(young), "file"), age))
	}
	return err
}

// verdict is the error that something is left, with what to do about it.
func (v *doctorVisit) verdict(left []artifacts.Finding) error {
	for _, f := range v.mended {
		if f.Kind == artifacts.FindingNoManifest && f.Name != "" {
			ui.Note(v.env.Err, fmt.Sprintf("%s is gone; to have it again: paddock pull %s", f.Name, f.Name))
		}
	}
	if len(left) == 0 {
		return nil
	}
	err := fmt.Errorf("%d %s left in the store", len(left), plural(len(left), "problem"))
	if !v.options.fix && slices.ContainsFunc(left, mendable) {
		err = WithHint(err, "paddock doctor --fix")
	}
	for i := len(left) - 1; i >= 0; i-- {
		switch f := &left[i]; {
		case f.Name == "":
		case f.Kind == findingService:
			err = WithHint(err, f.Action)
		case f.Kind == artifacts.FindingDamaged, f.Kind == artifacts.FindingNotUnpacked && !f.Mendable:
			err = WithHint(err, "paddock ensure "+f.Name)
		case f.Kind == artifacts.FindingNoManifest:
			err = WithHint(err, "paddock pull "+f.Name+" brings its manifest back, and keeps the blobs that are there")
		}
	}
	return err
}
