package dev.godwit.node.boot;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.dataformat.cbor.databind.CBORMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import dev.godwit.protocol.event.MigrationEvent;
import dev.godwit.protocol.event.StoredMigration;
import dev.godwit.protocol.event.StoredTable;
import dev.godwit.protocol.event.TableEvent;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.UncheckedIOException;
import java.util.Map;
import org.apache.pekko.serialization.SerializerWithStringManifest;

/**
 * What the journal keeps, as CBOR under a closed set of names: never a class name, so that classes may move. The name
 * carries the version of the format.
 */
public final class StoredSerializer extends SerializerWithStringManifest {
    /** Newest format that this node knows. */
    static final int VERSION = 1;

    private static final int IDENTIFIER = 6_071_845;

    private static final Map<String, Class<?>> KINDS = Map.of(
            "migration-event", MigrationEvent.class,
            "table-event", TableEvent.class,
            "migration", StoredMigration.class,
            "table", StoredTable.class);

    private final ObjectMapper mapper = CBORMapper.builder()
            .addModule(new JavaTimeModule())
            .addModule(new Jdk8Module())
            .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    @Override
    public int identifier() {
        return IDENTIFIER;
    }

    @Override
    public String manifest(Object object) {
        return KINDS.entrySet().stream()
                .filter(kind -> kind.getValue().isInstance(object))
                .map(kind -> kind.getKey() + "/" + VERSION)
                .findFirst()
                .orElseThrow(() ->
                        new IllegalArgumentException(object.getClass().getName() + " is not kept in the journal"));
    }

    @Override
    public byte[] toBinary(Object object) {
        Class<?> kind = KINDS.get(manifest(object).replaceFirst("/.*", ""));
        try {
            return mapper.writerFor(kind).writeValueAsBytes(object);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Object fromBinary(byte[] bytes, String manifest) throws NotSerializableException {
        int slash = manifest.indexOf('/');
        Class<?> kind = slash < 0 ? null : KINDS.get(manifest.substring(0, slash));
        String version = manifest.substring(slash + 1);
        if (kind == null || !version.equals(Integer.toString(VERSION))) {
            throw new NotSerializableException("the journal holds '" + manifest + "' and this node knows format "
                    + VERSION + " of " + KINDS.keySet() + ": start a node of the newer version");
        }
        try {
            return mapper.readValue(bytes, kind);
        } catch (IOException e) {
            // The cause's message quotes the content.
            throw new NotSerializableException("the journal holds a '" + manifest + "' that this node, of format "
                    + VERSION + ", can't read: " + e.getClass().getSimpleName());
        }
    }
}
