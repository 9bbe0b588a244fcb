package io.pandofs.tests.arch;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The arrows between modules (docs/ARCHITECTURE.md) and the one home of each foreign library. */
final class ArchitectureTest {
  private static final String ROOT = "io.pandofs";

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);

  /** Module, and the modules it may know besides itself. */
  @ParameterizedTest
  @CsvSource({
    "common, ''",
    "meta, common",
    "block, common",
    "mount, common meta block",
    "tools, common meta block mount",
  })
  void moduleKnowsOnly(String module, String others) {
    List<String> known = others.isBlank() ? List.of() : List.of(others.split(" "));
    String[] barred =
        List.of("common", "meta", "block", "mount", "tools", "tests").stream()
            .filter(other -> !other.equals(module) && !known.contains(other))
            .map(ArchitectureTest::within)
            .toArray(String[]::new);
    check(
        noClasses()
            .that()
            .resideInAPackage(within(module))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(barred));
  }

  /** Library, and the packages it may be known in. */
  @ParameterizedTest
  @CsvSource({
    "org.apache.ratis.., io.pandofs.meta.raft..",
    "org.rocksdb.., io.pandofs.meta.rocksdb.. io.pandofs.block.local..",
    "com.google.protobuf.., io.pandofs..wire.. io.pandofs.meta.raft.. io.pandofs.meta.log..",
    "jnr.., io.pandofs.mount.fuse..",
    "ru.serce.., io.pandofs.mount.fuse..",
    "com.kenai.., io.pandofs.mount.fuse..",
    "io.netty.., io.pandofs.common.net..",
    "org.bouncycastle.., io.pandofs.common.identity..",
    "picocli.., io.pandofs.tools.cli..",
    "org.tomlj.., io.pandofs.common.config..",
    "ch.qos.logback.., io.pandofs.tools.node..",
    "com.sun.net.httpserver.., io.pandofs.tools.status..",
  })
  void libraryHasOneHome(String library, String homes) {
    check(
        noClasses()
            .that(resideOutsideOfPackages(homes.split(" ")))
            .should()
            .dependOnClassesThat(resideInAnyPackage(library)));
  }

  @Test
  void engineIsPure() {
    check(
        noClasses()
            .that()
            .resideInAPackage("io.pandofs.meta.engine..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                "io.pandofs.meta.raft..",
                "io.pandofs.meta.rocksdb..",
                "io.pandofs.meta.log.wire..",
                "io.pandofs.common.net..",
                "io.pandofs.common.time..",
                "java.io..",
                "java.net..",
                "java.nio.file..",
                "java.nio.channels..",
                "java.util.concurrent.."));
  }

  @Test
  void vfsKnowsNoFuse() {
    check(
        noClasses()
            .that()
            .resideInAPackage("io.pandofs.mount.vfs..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.pandofs.mount.fuse..", "jnr..", "ru.serce.."));
  }

  /** Outside of the metadata only its front is known; the wiring alone sees the parts behind. */
  @Test
  void mountSeesOnlyTheFrontOfTheMetadata() {
    check(
        noClasses()
            .that()
            .resideInAPackage("io.pandofs.mount..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                "io.pandofs.meta.engine..",
                "io.pandofs.meta.raft..",
                "io.pandofs.meta.rocksdb..",
                "io.pandofs.meta.log..",
                "io.pandofs.block.local..",
                "io.pandofs.block.net.."));
  }

  @ParameterizedTest
  @ValueSource(strings = {"common", "meta", "block", "mount", "tools"})
  void packagesOfAModuleHaveNoCycles(String module) {
    check(slices().matching(ROOT + "." + module + ".(*)..").should().beFreeOfCycles());
  }

  private static String within(String module) {
    return ROOT + "." + module + "..";
  }

  private static void check(ArchRule rule) {
    rule.allowEmptyShould(true).check(CLASSES);
  }
}
