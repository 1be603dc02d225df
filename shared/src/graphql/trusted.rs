//! Which document a request asks for, and whether it may: documents that clients registered before they were released,
//! documents that they store under their hash at run time, any text.

mod list;
pub mod manifest;
mod tokens;
mod watch;

use self::list::List;
use super::{
    document::{Documents, Prepared, Refusal, Refusals},
    operation::{Asks, GraphqlRequest},
    persisted::{self, Persisted},
};
use crate::{
    config::{Settings, Trust},
    fanout::{Code, Fault},
    request::RequestContext,
    telemetry::{DocumentUse, RequestRecord, metrics},
};
use parking_lot::{Mutex, RwLock};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
pub(super) use watch::watch;

/// What one BFF runs.
pub struct Trusted {
    /// None: nothing is registered, and nobody asks.
    registry: Option<Registry>,
    persisted: Option<Persisted>,
}

struct Registry {
    service: Arc<str>,
    enforces: bool,
    folder: PathBuf,
    list: RwLock<Arc<List>>,
    /// The folder's files as they were when they were last read.
    seen: Mutex<Vec<manifest::Stamp>>,
}

impl Trusted {
    /// As configured. Where only registered documents run, all of them must be right; elsewhere the log tells which are
    /// not, and they are left out.
    ///
    /// # Errors
    /// What is wrong with the registered documents, one line for each.
    pub fn new(settings: &Settings, documents: &Documents) -> Result<Self, String> {
        let configured = &settings.documents;
        let trust = configured.trust(settings.profile);
        let persisted = (configured.automatic_bytes > 0 && trust != Trust::Enforce)
            .then(|| Persisted::new(configured.automatic_bytes));
        let folder = configured.folder.as_deref().filter(|_| trust != Trust::Off);
        let service = settings.service.as_str();
        let registry =
            folder.map(|folder| Registry::open(service, folder, trust == Trust::Enforce, documents));
        Ok(Self { registry: registry.transpose()?, persisted })
    }

    /// The document that a request asks for, prepared: for every transport the one way from a request to what it runs.
    ///
    /// # Errors
    /// `PERSISTED_QUERY_NOT_FOUND` and what else is to be said of ids and hashes, `PERSISTED_QUERY_NOT_IN_LIST`, or the
    /// document's own refusals.
    pub fn document(
        &self,
        request: &GraphqlRequest<'_>,
        context: &RequestContext,
        documents: &Documents,
    ) -> Result<Arc<Prepared>, Refusals> {
        match request.asks().map_err(refuse)? {
            Asks::Text(text) => self.by_text(text, context, documents),
            Asks::Id(id) => self.by_id(id, context, documents),
            Asks::Hashed(text, hash) => {
                let digest = persisted::digest(text.as_bytes());
                if persisted::parse(hash) != Some(digest) {
                    return Err(refuse(Fault::new(
                        Code::BadRequest,
                        "`extensions.persistedQuery.sha256Hash` is not the SHA-256 of `query` in lower-case hex.",
                    )));
                }
                let prepared = self.by_text(text, context, documents)?;
                if let Some(persisted) = &self.persisted {
                    persisted.keep(digest, text, context.address());
                }
                Ok(prepared)
            }
        }
    }

    fn by_text(
        &self,
        text: &str,
        context: &RequestContext,
        documents: &Documents,
    ) -> Result<Arc<Prepared>, Refusals> {
        let Some(registry) = &self.registry else { return documents.get(text, context.address()) };
        if let Some(registered) = registry.list.read().of_text(text) {
            note(DocumentUse::Registered);
            return Ok(registered.clone());
        }
        note(DocumentUse::Unlisted);
        if registry.enforces {
            return Err(refuse(Fault::new(
                Code::PersistedQueryNotInList,
                "Only registered documents run here, and this is none of them.",
            )));
        }
        let client = context.client();
        tracing::info!(
            graphql.document.sha256 = persisted::hex(&persisted::digest(text.as_bytes())),
            client.name = client.name.as_deref(),
            client.version = client.version.as_deref(),
            "a document that is not registered runs"
        );
        documents.get(text, context.address())
    }

    fn by_id(
        &self,
        id: &str,
        context: &RequestContext,
        documents: &Documents,
    ) -> Result<Arc<Prepared>, Refusals> {
        if let Some(registry) = &self.registry
            && let Some(registered) = registry.list.read().of_id(id)
        {
            note(DocumentUse::Registered);
            return Ok(registered.clone());
        }
        let digest = persisted::parse(id);
        if let Some(persisted) = &self.persisted
            && let Some(text) = digest.and_then(|digest| persisted.get(&digest, context.address()))
        {
            note(DocumentUse::Stored);
            return documents.get(&text, context.address());
        }
        // Clients know these texts by heart: Apollo's sends the document after the first, and stops asking after the second.
        Err(refuse(if self.registry.is_none() && self.persisted.is_none() {
            Fault::new(Code::PersistedQueryNotSupported, "PersistedQueryNotSupported")
        } else {
            note(DocumentUse::Unknown);
            Fault::new(Code::PersistedQueryNotFound, "PersistedQueryNotFound")
        }))
    }

    /// Looks at the folder, and takes what has changed; only as a whole, and only if nothing is wrong with it.
    fn look(&self, documents: &Documents) {
        if let Some(registry) = &self.registry {
            registry.look(documents);
        }
    }

    fn watches(&self) -> bool {
        self.registry.is_some()
    }
}

impl Registry {
    fn open(service: &str, folder: &Path, enforces: bool, documents: &Documents) -> Result<Self, String> {
        // Before the files: what changes while they are read is read again.
        let seen = Mutex::new(manifest::stamps(folder));
        let (list, problems) = List::read(folder, &List::default(), documents);
        if enforces && !problems.is_empty() {
            let lines: Vec<_> = problems.iter().map(|problem| format!("\n  {problem}")).collect();
            return Err(format!(
                "only registered documents may run (`documents.trusted`), and some of them cannot be:{}\n  Put it right, or set \
                 `documents.folder` to where the documents are, or `documents.trusted` to `log`",
                lines.concat()
            ));
        }
        for problem in &problems {
            let manifest::Problem { file, place, reason } = problem;
            tracing::warn!(
                document.file = file,
                document.place = place,
                reason,
                "registered documents are not all taken"
            );
        }
        tracing::info!(documents.folder = %folder.display(), documents.count = list.len(), "documents are registered");
        let (service, folder, list) = (service.into(), folder.to_owned(), RwLock::new(Arc::new(list)));
        Ok(Self { service, enforces, folder, list, seen })
    }

    fn look(&self, documents: &Documents) {
        let stamps = manifest::stamps(&self.folder);
        if *self.seen.lock() == stamps {
            return;
        }
        *self.seen.lock() = stamps;
        let before = self.list.read().clone();
        let (list, problems) = List::read(&self.folder, &before, documents);
        if problems.is_empty() {
            tracing::info!(documents.count = list.len(), "registered documents have changed");
            *self.list.write() = Arc::new(list);
        }
        metrics().documents_reloaded(&self.service, problems.is_empty());
        for manifest::Problem { file, place, reason } in problems {
            tracing::error!(
                document.file = file,
                document.place = place,
                reason,
                "registered documents have changed and are not taken: those before stay"
            );
        }
    }
}

fn refuse(fault: Fault) -> Refusals {
    Arc::new(vec![Refusal { fault, at: None }])
}

fn note(how: DocumentUse) {
    RequestRecord::with_current(|record| record.document_used(how));
}
