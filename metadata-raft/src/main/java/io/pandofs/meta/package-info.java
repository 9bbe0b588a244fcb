/**
 * What the rest of Pando may know of the metadata: operations, replies, and a session's view of the
 * tree. The engine, its tables and the log live in the packages below and are nobody else's
 * business.
 */
package io.pandofs.meta;
