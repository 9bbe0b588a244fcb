package io.pandofs.tools.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.BlockId;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class NodeReportTest {
  @Test
  void whatANodeTellsIsReadAsItWasTold() {
    NodeReport told = new NodeReport(7, 3, 100_000, 41, List.of(new BlockId(5), new BlockId(9)));
    assertThat(NodeReport.decode(ByteBuffer.wrap(told.encode()))).isEqualTo(told);
  }
}
