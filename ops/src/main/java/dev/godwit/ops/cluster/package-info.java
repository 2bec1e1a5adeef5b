/** Node processes on this machine: how they are started, watched and ended. */
package dev.godwit.ops.cluster;
