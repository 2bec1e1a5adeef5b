/** How nodes find each other, form one cluster and settle a partition: by rows in the state store. */
package dev.godwit.node.join;
