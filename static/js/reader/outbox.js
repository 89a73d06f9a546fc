// Answers that the server has not acknowledged yet, kept in the browser so that a reload or a crash loses none.
// They are numbered as they come, and belong to a reading: a browser may have those of several readers.

const STORE = "waiting";

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("readings", 2);
    request.onupgradeneeded = () => {
      const names = request.result.objectStoreNames;
      if (!names.contains(STORE)) request.result.createObjectStore(STORE, { keyPath: "order", autoIncrement: true });
    };
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
export async function keep(reading, submission) {
  try {
    return { order: await within("readwrite", (store) => store.add({ reading, submission })), submission };
  } catch {
    return { order: null, submission };
  }
}

export async function drop({ order }) {
  if (order === null) return;
  try {
    await within("readwrite", (store) => store.delete(order));
  } catch {
    // stays there, and is the same act of answering when it is sent again
  }
}

// What is kept for a reading, in the order of answering.
export async function kept(reading) {
  try {
    return (await within("readonly", (store) => store.getAll())).filter((entry) => entry.reading === reading);
  } catch {
    return [];
  }
}
