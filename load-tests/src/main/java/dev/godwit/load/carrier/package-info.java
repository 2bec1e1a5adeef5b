/** What carries a database from one server to the other: Godwit and its peers, each as processes, timed alike. */
package dev.godwit.load.carrier;
