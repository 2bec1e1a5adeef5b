/** What is measured and how a result is written. */
package dev.godwit.load.measure;
