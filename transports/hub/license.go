package hub

import (
	"regexp"
	"strings"
)

// spdx spells what Hugging Face (its documentation, "Licenses") and ModelScope (its library, hub/constants.py) call licenses
// as SPDX's list does.
func spdx() map[string]string {
	return map[string]string{
		"apache-2.0": "Apache-2.0", "apache license 2.0": "Apache-2.0", "mit": "MIT", "openrail": "LicenseRef-openrail", "bsd-2-clause": "BSD-2-Clause",
		"bsd-3-clause": "BSD-3-Clause", "bsl-1.0": "BSL-1.0", "cc0-1.0": "CC0-1.0", "cc-by-2.0": "CC-BY-2.0", "cc-by-3.0": "CC-BY-3.0",
		"cc-by-4.0": "CC-BY-4.0", "cc-by-sa-3.0": "CC-BY-SA-3.0", "cc-by-sa-4.0": "CC-BY-SA-4.0", "cc-by-nc-3.0": "CC-BY-NC-3.0",
		"cc-by-nc-4.0": "CC-BY-NC-4.0", "cc-by-nd-4.0": "CC-BY-ND-4.0", "cc-by-nc-nd-4.0": "CC-BY-NC-ND-4.0", "cc-by-nc-sa-4.0": "CC-BY-NC-SA-4.0",
		"cc-by-nc-sa-3.0": "CC-BY-NC-SA-3.0", "cc-by-nc-nd-3.0": "CC-BY-NC-ND-3.0", "cc-by-nc-2.0": "CC-BY-NC-2.0", "cc-by-nc-sa-2.0": "CC-BY-NC-SA-2.0",
		"afl-3.0": "AFL-3.0", "artistic-2.0": "Artistic-2.0", "ecl-2.0": "ECL-2.0", "epl-1.0": "EPL-1.0", "epl-2.0": "EPL-2.0",
		"eupl-1.1": "EUPL-1.1", "eupl-1.2": "EUPL-1.2", "agpl-3.0": "AGPL-3.0-only", "gpl-2.0": "GPL-2.0-only", "gpl-3.0": "GPL-3.0-only",
		"lgpl-2.1": "LGPL-2.1-only", "lgpl-3.0": "LGPL-3.0-only", "gfdl": "GFDL-1.3-only", "isc": "ISC", "lppl-1.3c": "LPPL-1.3c",
		"ms-pl": "MS-PL", "mpl-2.0": "MPL-2.0", "odc-by": "ODC-By-1.0", "odbl": "ODbL-1.0", "ofl-1.1": "OFL-1.1", "osl-3.0": "OSL-3.0",
		"pddl": "PDDL-1.0", "postgresql": "PostgreSQL", "ncsa": "NCSA", "unlicense": "Unlicense", "wtfpl": "WTFPL", "zlib": "Zlib",
	}
}

// Licenses turns the license of a model card into SPDX expressions. One that SPDX does not list is a LicenseRef; "other" is what
// license_name says. "unknown" says nothing.
func Licenses(all []string, name string) []string {
	var expressions []string
	for _, l := range all {
		l = strings.ToLower(strings.TrimSpace(l))
		if known := spdx()[l]; known != "" {
			expressions = append(expressions, known)
			continue
		}
		if l == "other" && name != "" {
			l = name
		}
		if l = regexp.MustCompile(`[^A-Za-z0-9.-]+`).ReplaceAllString(l, "-"); strings.Trim(l, "-") != "" && l != "unknown" {
			expressions = append(expressions, "LicenseRef-"+strings.Trim(l, "-"))
		}
	}
	return expressions
}
