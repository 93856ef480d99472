//! Field records (现场记录) with photos from files: see [`sync_core::field`].

use std::path::PathBuf;

use sync_core::field::{
    Lead, Order, Seen, fire_points, make_recheck, make_report, make_verification, orders,
};
use sync_core::ids::{CaseId, FirePointId, InspectionId, OperationId};
use sync_core::model::photo::PhotoSource;

use crate::device::Device;
use crate::error::DeviceError;

/// What was seen, as given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewRecord {
    /// In words.
    pub text: String,
    /// Photo files.
    pub photos: Vec<PathBuf>,
}

impl Device {
    /// The open rounds in the user's grids, the nearest deadline first.
    ///
    /// # Errors
    /// [`DeviceError::Store`].
    pub fn orders(&self) -> Result<Vec<Order>, DeviceError> {
        Ok(orders(&self.store)?)
    }

    /// The fire point leads in the user's grids, the latest first.
    ///
    /// # Errors
    /// [`DeviceError::Store`].
    pub fn fire_points(&self) -> Result<Vec<Lead>, DeviceError> {
        Ok(fire_points(&self.store)?)
    }

    /// Reports that a case is rectified (整改反馈).
    ///
    /// # Errors
    /// [`DeviceError::Refused`] with everything wrong; [`DeviceError::Store`], [`DeviceError::File`].
    pub fn report_rectification(
        &mut self,
        case_id: CaseId,
        given: NewRecord,
    ) -> Result<OperationId, DeviceError> {
        let seen = self.take_record_photos(given)?;
        self.write(make_report(&self.store, case_id, seen)?)
    }

    /// Re-checks a case on the spot (复核).
    ///
    /// # Errors
    /// As [`Self::report_rectification`].
    pub fn recheck_rectification(
        &mut self,
        case_id: CaseId,
        passed: bool,
        given: NewRecord,
    ) -> Result<OperationId, DeviceError> {
        let seen = self.take_record_photos(given)?;
        self.write(make_recheck(&self.store, case_id, passed, seen)?)
    }

    /// Verifies a fire point lead (火点核查); `inspection_id` is the inspection that records the fire, if there was one.
    ///
    /// # Errors
    /// As [`Self::report_rectification`]; [`DeviceError::InspectionUnknown`].
    pub fn verify_fire_point(
        &mut self,
        fire_point_id: FirePointId,
        inspection_id: Option<InspectionId>,
        given: NewRecord,
    ) -> Result<OperationId, DeviceError> {
        let seen = self.take_record_photos(given)?;
        self.write(make_verification(&self.store, fire_point_id, inspection_id, seen)?)
    }

    fn take_record_photos(&self, given: NewRecord) -> Result<Seen, DeviceError> {
        let take = |(index, file): (usize, &PathBuf)| {
            let field = format!("photos[{index}]");
            self.photos().take(file, None, PhotoSource::Gallery, self.now(), &field)
        };
        let photos: Result<Vec<_>, _> = given.photos.iter().enumerate().map(take).collect();
        Ok(Seen { text: given.text, photos: photos?, fix: None })
    }
}
