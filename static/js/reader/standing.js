// Where a reading stands, as the server says it:
// { position, total, finished, current, ahead, beside, previous, waiting, practising, until_break }.

// Once the current item is answered, before the server has said so; the server's next word replaces it.
export function advanced(state, undo, blockSize) {
  const [current = null, ...ahead] = state.ahead;
  const until_break = state.until_break === null ? null : (state.until_break || blockSize) - 1;
  const previous = undo ? state.current : null;
  return { ...state, position: state.position + 1, current, ahead, last: state.current, previous, until_break };
}

// With the names that the server has served up to now, where it has not had the last answers yet.
export function caughtUp(state, told) {
  const [current = null, ...ahead] = after(state.last, [told.current, ...told.ahead]);
  return current ? { ...state, current, ahead, beside: { ...state.beside, ...told.beside } } : state;
}

function after(last, names) {
  const at = names.indexOf(last);
  return at < 0 ? [] : names.slice(at + 1);
}
