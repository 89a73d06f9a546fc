// Answers that the server has not acknowledged yet, kept in the browser so that a reload or a crash loses none.

const STORE = "answers";

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("readings", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "key" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function within(mode, act) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

// Private windows of some browsers have no IndexedDB: then the answer lives in this page until it is acknowledged.
const memory = new Map();

export async function keep(submission) {
  memory.set(submission.key, submission);
  try {
    await within("readwrite", (store) => store.put(submission));
  } catch {
    // kept in memory
  }
}

export async function drop(key) {
  memory.delete(key);
  try {
    await within("readwrite", (store) => store.delete(key));
  } catch {
    // was in memory only
  }
}

export async function waiting() {
  try {
    return await within("readonly", (store) => store.getAll());
  } catch {
    return [...memory.values()];
  }
}
