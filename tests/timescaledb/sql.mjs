// The few statements that mean something to one connection only, found by their text: the session behind is shared.

/** Does nothing, in any transaction that has not failed. */
export const HARMLESS = "UNLISTEN nobody_listens_here";

const COMMENTS = /^(?:\s+|--[^\n]*\n|\/\*[^]*?\*\/)+/;
const NAME = String.raw`("(?:[^"]|"")+"|[a-z_][\w$]*)`;
const COPY_FROM_STDIN = /^copy\b[^]*\bfrom\s+stdin\b/i;
const COPIED_COLUMNS = /\(([^)]*)\)\s*from\s+stdin/i;
const BINARY_FORMAT = /\bstdin\b[^]*\bbinary\b/i;
const CLOSE_ALL = /^(?:deallocate\s+(?:prepare\s+)?all|discard\s+all)\b/i;
const DEALLOCATE = new RegExp(String.raw`^(deallocate\s+(?:prepare\s+)?)${NAME}`, "i");
const LISTEN = new RegExp(String.raw`(?:^|;)\s*(listen|unlisten)\s+(\*|${NAME})`, "gi");
const OWN_PID = /\bpg_backend_pid\(\)/gi;
const TERMINATE = /\bpg_terminate_backend\(\s*(\d+)\s*\)/gi;

/** What a COPY FROM STDIN expects, or null for any other statement. */
export function copyFromStdin(sql) {
  const statement = sql.replace(COMMENTS, "");
  if (!COPY_FROM_STDIN.test(statement)) return null;
  // Without a list of columns their number is not known here. Clients only look at the format.
  const columns = COPIED_COLUMNS.exec(statement)?.[1].split(",").length ?? 1;
  return { binary: BINARY_FORMAT.test(statement), columns };
}

/** Whether `sql` closes all prepared statements of the session. */
export function closesAll(sql) {
  return CLOSE_ALL.test(sql.replace(COMMENTS, ""));
}

/** DEALLOCATE with the name that the statement has in the shared session. */
export function renameDeallocated(sql, prefix) {
  return sql.replace(DEALLOCATE, (_, command, name) => `${command}"${prefix}${unquoted(name)}"`);
}

/** Each LISTEN and UNLISTEN in `sql`, as {listen, channel}; the channel "*" is all of them. */
export function* listeningIn(sql) {
  for (const [, command, channel] of sql.matchAll(LISTEN)) {
    yield { listen: command.toLowerCase() === "listen", channel: unquoted(channel) };
  }
}

/** `sql` with UNLISTEN made harmless: in the shared session it would deafen the other connections too. */
export function withoutUnlisten(sql) {
  return sql.replace(LISTEN, (all, command, channel) =>
    command.toLowerCase() === "unlisten" ? all.replace(channel, "nobody_listens_here") : all,
  );
}

/** `sql` with the process id that this connection was told; the one process behind has none. */
export function withOwnPid(sql, pid) {
  return sql.replace(OWN_PID, `(SELECT ${pid} AS pg_backend_pid)`);
}

/** `sql` without pg_terminate_backend(number), after `terminate` was called with each number. */
export function withTerminated(sql, terminate) {
  return sql.replace(TERMINATE, (_, pid) => `(SELECT ${terminate(Number(pid))} AS pg_terminate_backend)`);
}

/** A name as PostgreSQL sees it. */
function unquoted(name) {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase();
}
