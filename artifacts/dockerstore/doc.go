// Package dockerstore keeps models that are published as container images in the Docker engine, which mounts them itself
// (Docker 28 and later). What it lands, docker images shows.
//
// Docker forgets the publisher's manifest, and shows nobody what is in an image without running it. So a record of each landed
// image lies in a folder of paddock's: the manifest, the config, and what files a container sees. A record whose image is gone
// counts for nothing; an image without a record, such as one that docker pull brought, is not paddock's.
package dockerstore
