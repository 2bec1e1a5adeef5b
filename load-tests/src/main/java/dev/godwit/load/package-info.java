/** The benchmarks' command line. */
package dev.godwit.load;
