/**
 * Who a node is and how it proves it: the cluster's certificate authority, node certificates, whom
 * a node trusts, join tokens. Bouncy Castle's one home.
 */
package io.pandofs.common.identity;
