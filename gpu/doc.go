// Package gpu finds the accelerators of a host and says how a container reaches them.
//
// It only reads files: sysfs, /proc, /dev, and the specs of the Container Device Interface (CDI, the format by which vendors
// describe to container engines what a device needs). What a driver says is believed; there are no lists of products. It
// writes nothing, starts no process and sets no environment.
package gpu
