/** JSON as the status endpoint speaks it: maps, lists, texts, numbers, booleans and null. */
package io.pandofs.tools.json;
