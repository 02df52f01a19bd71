//! What a layer of each class computes.

use crate::checkpoint::keras::call::{Call, Value};
use crate::checkpoint::keras::{activation, join, linear, norm, shape};
use anyhow::{Result, bail};

/// Adds the nodes of a layer of class `class` and returns its output.
///
/// # Errors
/// If the class, or something in its configuration, is not supported, without the layer's name.
pub(super) fn layer(call: &mut Call, class: &str) -> Result<Value> {
    let value = match class {
        "Dense" => linear::dense(call)?,
        "Conv2D" => linear::convolution(call)?,
        "Conv2DTranspose" => linear::transposed(call)?,
        "DepthwiseConv2D" => linear::depthwise(call)?,
        "SeparableConv2D" => linear::separable(call)?,
        "Embedding" => return linear::embedding(call),
        // TensorFlow 1.13 to 2.0 numbered the classes.
        "BatchNormalization" | "BatchNormalizationV1" | "BatchNormalizationV2" => {
            return norm::batch(call);
        }
        "Rescaling" => return norm::rescaling(call),
        "Reshape" => return shape::reshape(call),
        "Flatten" => return shape::flatten(call),
        "Permute" => return shape::permute(call),
        "RepeatVector" => return shape::repeat(call),
        "UpSampling2D" => return shape::upsampling(call),
        "ZeroPadding2D" => return shape::padding(call),
        "Cropping2D" => return shape::cropping(call),
        "Concatenate" => return join::concatenate(call),
        "Add" => return join::merge(call, "Add"),
        "Subtract" => return join::merge(call, "Sub"),
        "Multiply" => return join::merge(call, "Mul"),
        "Maximum" => return join::merge(call, "Max"),
        "Minimum" => return join::merge(call, "Min"),
        "Average" => return join::average(call),
        "Activation" => call.input()?,
        // They do something only while a model is trained.
        "Dropout"
        | "SpatialDropout2D"
        | "GaussianNoise"
        | "GaussianDropout"
        | "AlphaDropout"
        | "ActivityRegularization" => return call.input(),
        _ => {
            let input = call.input();
            let config = call.config;
            let activation = input.ok().and_then(|it| activation::layer(call, &it, class, config));
            return activation.unwrap_or_else(|| bail!("is not supported here"));
        }
    };
    activation::argument(call, value)
}
