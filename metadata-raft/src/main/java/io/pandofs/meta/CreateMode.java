package io.pandofs.meta;

/**
 * The permissions that open(2), mkdir(2) or mknod(2) ask for. The umask is not applied yet, since
 * the directory's default list, if it has one, takes its place (umask(2)).
 *
 * @param permissions twelve bits
 * @param umask nine bits; 0 where the kernel has applied it
 */
public record CreateMode(int permissions, int umask) {

  /** Permissions that the umask is applied to already. */
  public static CreateMode of(int permissions) {
    return new CreateMode(permissions, 0);
  }
}
