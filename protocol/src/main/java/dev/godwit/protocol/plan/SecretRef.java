package dev.godwit.protocol.plan;

/**
 * Where a secret is to be found. Exactly one of the two is set; the secret itself never is part of a plan.
 *
 * @param env name of an environment variable of each node
 * @param file path of a file on each node; one trailing line break is not part of the secret
 */
public record SecretRef(String env, String file) {
    public SecretRef {
        if ((env == null) == (file == null)) {
            throw new IllegalArgumentException("a secret names either env or file");
        }
    }
}
