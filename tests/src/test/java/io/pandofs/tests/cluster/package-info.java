/** Tests of whole clusters: real processes, real mounts. */
package io.pandofs.tests.cluster;
