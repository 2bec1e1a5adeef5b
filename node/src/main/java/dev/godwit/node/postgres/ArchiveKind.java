package dev.godwit.node.postgres;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Kinds of an archive's entries, as {@code pg_dump} names them. The archive's listing separates a kind from the name
 * that follows by a space alone, so the catalog that is told before it decides between, for example, an INDEX ATTACH
 * and an INDEX in a schema named ATTACH: no kind begins with another one of the same catalog.
 */
enum ArchiveKind {
    ACCESS_METHOD("pg_am", 2601),
    ACL(Nature.AGAIN_AND_WITH_OTHERS),
    AGGREGATE("pg_proc", 1255),
    CAST("pg_cast", 2605),
    CHECK_CONSTRAINT("pg_constraint", 2606, Nature.WITH_OTHERS),
    COLLATION("pg_collation", 3456),
    COMMENT(Nature.AGAIN_AND_WITH_OTHERS),
    CONSTRAINT("pg_constraint", 2606, Nature.WITH_OTHERS),
    CONVERSION("pg_conversion", 2607),
    DEFAULT("pg_attrdef", 2604, Nature.AGAIN_AND_WITH_OTHERS),
    DEFAULT_ACL("pg_default_acl", 826, Nature.AGAIN_AND_WITH_OTHERS),
    DOMAIN("pg_type", 1247),
    EVENT_TRIGGER("pg_event_trigger", 3466),
    EXTENSION("pg_extension", 3079, Nature.MAY_BE_THERE),
    FK_CONSTRAINT("pg_constraint", 2606, Nature.WITH_OTHERS),
    FOREIGN_DATA_WRAPPER("pg_foreign_data_wrapper", 2328),
    FOREIGN_TABLE("pg_class", 1259),
    FUNCTION("pg_proc", 1255),
    INDEX("pg_class", 1259, Nature.WITH_OTHERS),
    INDEX_ATTACH(Nature.AGAIN_AND_WITH_OTHERS),
    MATERIALIZED_VIEW("pg_class", 1259),
    OPERATOR("pg_operator", 2617),
    OPERATOR_CLASS("pg_opclass", 2616),
    OPERATOR_FAMILY("pg_opfamily", 2753),
    POLICY("pg_policy", 3256, Nature.WITH_OTHERS),
    PROCEDURAL_LANGUAGE("pg_language", 2612),
    PROCEDURE("pg_proc", 1255),
    ROW_SECURITY(Nature.AGAIN_AND_WITH_OTHERS),
    RULE("pg_rewrite", 2618, Nature.WITH_OTHERS),
    SCHEMA("pg_namespace", 2615, Nature.MAY_BE_THERE),
    SECURITY_LABEL(Nature.AGAIN_AND_WITH_OTHERS),
    SEQUENCE("pg_class", 1259),
    SEQUENCE_OWNED_BY(Nature.AGAIN_AND_WITH_OTHERS),
    SERVER("pg_foreign_server", 1417),
    SHELL_TYPE(Nature.OF_ITS_OWN),
    STATISTICS("pg_statistic_ext", 3381, Nature.WITH_OTHERS),
    TABLE("pg_class", 1259),
    TABLE_ATTACH(Nature.WITH_OTHERS),
    TEXT_SEARCH_CONFIGURATION("pg_ts_config", 3602),
    TEXT_SEARCH_DICTIONARY("pg_ts_dict", 3600),
    TEXT_SEARCH_PARSER("pg_ts_parser", 3601),
    TEXT_SEARCH_TEMPLATE("pg_ts_template", 3764),
    TRANSFORM("pg_transform", 3576),
    TRIGGER("pg_trigger", 2620, Nature.WITH_OTHERS),
    TYPE("pg_type", 1247),
    USER_MAPPING(Nature.OF_ITS_OWN),
    VIEW("pg_class", 1259),

    /** One that a later version of PostgreSQL has. */
    UNKNOWN(Nature.OF_ITS_OWN);

    /** What restoring such an entry does, and whether it makes sense by itself. */
    private enum Nature {
        /** Makes an object, and fails where it is there. */
        OF_ITS_OWN,

        /** The same of a part of another object, or of a property. */
        WITH_OTHERS,

        /** Sets something of another object, and may do so again. */
        AGAIN_AND_WITH_OTHERS,

        /** Makes an object that a target may well have before, and that is then left as it is. */
        MAY_BE_THERE
    }

    private final String catalog;
    private final long catalogOid;
    private final Nature nature;

    ArchiveKind(Nature nature) {
        this(null, 0, nature);
    }

    ArchiveKind(String catalog, long catalogOid) {
        this(catalog, catalogOid, Nature.OF_ITS_OWN);
    }

    ArchiveKind(String catalog, long catalogOid, Nature nature) {
        this.catalog = catalog;
        this.catalogOid = catalogOid;
        this.nature = nature;
    }

    /** As in the listing, for example {@code FK CONSTRAINT}. */
    String word() {
        return name().replace('_', ' ');
    }

    /** The catalog that has its objects; null where the archive does not tell which object it is. */
    String catalog() {
        return catalog;
    }

    /** Whether restoring it once more changes nothing, and does not fail. */
    boolean isRepeatable() {
        return nature == Nature.AGAIN_AND_WITH_OTHERS;
    }

    /** Whether the target may have it before: restored only where it does not. */
    boolean mayBeThere() {
        return nature == Nature.MAY_BE_THERE;
    }

    /** Whether it is a part or a property of what it depends on. */
    boolean hangsOnOthers() {
        return nature == Nature.WITH_OTHERS || nature == Nature.AGAIN_AND_WITH_OTHERS;
    }

    /** Whether it has rows, columns or a position, and indexes, triggers and the like hang on it. */
    boolean isRelation() {
        return switch (this) {
            case TABLE, FOREIGN_TABLE, VIEW, MATERIALIZED_VIEW, SEQUENCE -> true;
            default -> false;
        };
    }

    /** Whether a plan's patterns choose among its objects as they do among tables. */
    boolean isNamedByPatterns() {
        return switch (this) {
            case AGGREGATE,
                    COLLATION,
                    CONVERSION,
                    DOMAIN,
                    FOREIGN_TABLE,
                    FUNCTION,
                    MATERIALIZED_VIEW,
                    OPERATOR,
                    OPERATOR_CLASS,
                    OPERATOR_FAMILY,
                    PROCEDURE,
                    SEQUENCE,
                    TABLE,
                    TEXT_SEARCH_CONFIGURATION,
                    TEXT_SEARCH_DICTIONARY,
                    TEXT_SEARCH_PARSER,
                    TEXT_SEARCH_TEMPLATE,
                    TYPE,
                    VIEW -> true;
            default -> false;
        };
    }

    /**
     * The kind that a line of the listing tells.
     *
     * @param text from the kind on
     */
    static ArchiveKind of(long catalogOid, String text) {
        List<ArchiveKind> alike = Arrays.stream(values())
                .filter(kind -> kind != UNKNOWN && text.startsWith(kind.word() + ' '))
                .sorted(Comparator.comparingInt(
                                (ArchiveKind kind) -> kind.word().length())
                        .reversed())
                .toList();
        return alike.stream()
                .filter(kind -> kind.catalogOid == catalogOid)
                .findFirst()
                // A default that is dropped, say, is no object of a catalog.
                .or(() -> alike.stream().filter(kind -> catalogOid == 0).findFirst())
                .orElse(UNKNOWN);
    }
}
