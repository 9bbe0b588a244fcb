package io.pandofs.tools.admin;

import io.pandofs.tools.Refusal;
import io.pandofs.tools.json.JsonObject;
import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the daemon does for one kind of request. Runs on a thread of its own and may take long. */
public interface AdminCommand {
  /**
   * Does it and returns the result for the one who asked.
   *
   * @param request the whole request; what it lacks reads as nothing
   * @throws Refusal it cannot be done; the message goes to the person who asked
   * @throws IOException something failed, or nobody listens any more
   */
  Map<String, @Nullable Object> run(JsonObject request, Progress progress)
      throws Refusal, IOException, InterruptedException;

  /** Tells the one who asked how far it is. */
  interface Progress {
    /** One sentence; throws when nobody listens any more, which ends the command. */
    void say(String sentence) throws IOException;
  }
}
