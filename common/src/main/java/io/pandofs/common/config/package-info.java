/**
 * What a node is told by its configuration file: read, checked and immutable before anything
 * starts.
 */
package io.pandofs.common.config;
