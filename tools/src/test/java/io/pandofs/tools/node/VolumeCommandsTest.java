package io.pandofs.tools.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pandofs.common.Compression;
import io.pandofs.meta.StoragePolicy.WriteQuorum;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.json.JsonObject;
import io.pandofs.tools.node.VolumeCommands.Wanted;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which settings of a volume are understood. */
final class VolumeCommandsTest {
  private static Wanted wanted(Map<String, String> settings) throws Refusal {
    return Wanted.of(JsonObject.of(settings));
  }

  @Test
  void whatIsNotSaidStays() throws Refusal {
    assertThat(wanted(Map.of("copies", "7"))).isEqualTo(new Wanted(7, null, null));
    assertThat(wanted(Map.of("write_quorum", "all", "compression", "none")))
        .isEqualTo(new Wanted(0, WriteQuorum.ALL, Compression.NONE));
  }

  @ParameterizedTest
  @CsvSource({
    "copies, ''",
    "copies, 0",
    "copies, 8",
    "copies, two",
    "write_quorum, ''",
    "write_quorum, most",
    "compression, ''",
    "compression, zip",
    "copis, 2"
  })
  void whatMakesNoSenseIsAMistakeOfUsage(String key, String value) {
    assertThatThrownBy(() -> wanted(Map.of(key, value)))
        .isInstanceOfSatisfying(Refusal.class, said -> assertThat(said.isUsage()).isTrue())
        .hasMessageContaining("'" + (key.equals("copis") ? key : value) + "'");
  }
}
