import { MemoryObjectStore } from './memory-object-store.js';
import { objectStoreContract } from './object-store.contract.js';

objectStoreContract('MemoryObjectStore', () => new MemoryObjectStore());
